# With a key of one's own the services encrypt as their own accounts, which must be allowed to use it. Those accounts
# must exist: npm run deploy -- --kms-key makes them.
locals {
  kms_agents = var.kms_key == null ? {} : {
    storage  = "service-${data.google_project.this.number}@gs-project-accounts.iam.gserviceaccount.com"
    pubsub   = "service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    run      = "service-${data.google_project.this.number}@serverless-robot-prod.iam.gserviceaccount.com"
    records  = "service-${data.google_project.this.number}@gcp-sa-firestore.iam.gserviceaccount.com"
    registry = "service-${data.google_project.this.number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
  }
}

resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = local.kms_agents

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${each.value}"
}
