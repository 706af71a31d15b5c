output "bucket" {
  description = "Put photos and checkpoints into drop/ of this bucket; reports appear in report/."
  value       = google_storage_bucket.main.name
}

output "finished_topic" {
  description = "Subscribe to this topic to hear of audits that ended."
  value       = google_pubsub_topic.step["audit-finished"].id
}

output "database" {
  description = "Firestore database of the audits."
  value       = google_firestore_database.main.name
}

output "accounts_database" {
  description = "Firestore database of accounts, keys and ledgers."
  value       = google_firestore_database.accounts.name
}

output "registry" {
  description = "Where images are pushed to."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.name}"
}

output "builder" {
  description = "Account that Cloud Build builds as."
  value       = google_service_account.build.id
}

output "origin" {
  description = "Where people reach the API and its page; null where there is none."
  value       = var.api_instances > 0 ? local.origin : null
}

output "services" {
  description = "Address of each function. Only Pub/Sub may call it."
  value       = { for name, service in google_cloud_run_v2_service.function : name => service.uri }
}
