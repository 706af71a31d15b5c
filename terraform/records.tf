# Records: what is done, and where audits stand. Queries go over one collection in the order of ids, which every
# collection can do without an index of its own: no composite index is needed.
resource "google_firestore_database" "main" {
  name        = var.name
  location_id = var.region
  type        = "FIRESTORE_NATIVE"

  # Shards are done by a create, not by a transaction over others.
  concurrency_mode = "OPTIMISTIC"

  delete_protection_state = var.keep_data ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy         = "DELETE"

  dynamic "cmek_config" {
    for_each = var.kms_key == null ? [] : [var.kms_key]

    content {
      kms_key_name = cmek_config.value
    }
  }

  depends_on = [google_project_service.api, google_kms_crypto_key_iam_member.agent]
}

locals {
  # Names of collections at any depth (shared/pipeline/keys.ts).
  collections = toset(["audits", "open-audits", "uploads", "enrol-shards", "probe-shards", "locks"])
}

# Text of what Firestore has no type for (shared/platform/google/document.ts). Indexing it would cost storage and, from
# 1,500 bytes on, fail.
resource "google_firestore_field" "json" {
  for_each = local.collections

  database   = google_firestore_database.main.name
  collection = each.key
  field      = "json"

  index_config {}
}

# A document that says when it expires is deleted then, within a day.
resource "google_firestore_field" "expires_at" {
  for_each = local.collections

  database   = google_firestore_database.main.name
  collection = each.key
  field      = "expiresAt"

  # Times that only grow, in an index, would limit how fast documents are written.
  index_config {}
  ttl_config {}
}
