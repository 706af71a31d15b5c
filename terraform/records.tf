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

# Money, keys, sessions, webhooks and the agenda. A database of its own, because that is the finest thing that Firestore
# grants rights to: no function that works on what strangers uploaded can open it (identities.tf).
resource "google_firestore_database" "accounts" {
  name        = "${var.name}-accounts"
  location_id = var.region
  type        = "FIRESTORE_NATIVE"

  # An entry of a ledger is a create too.
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
  # Names of collections at any depth: of the pipeline (shared/pipeline/base/record-paths.ts), and what it may know of an account's
  # audits (shared/service/audits/admission.ts) and of what was erased (shared/pipeline/runs/tombstones.ts).
  audit_collections = [
    "audits", "open-audits", "uploads", "enrol-shards", "probe-shards", "confirm-shards", "locks", "admissions",
    "erased",
  ]

  # Those of the hosted service (shared/service). Its audits are called audits too.
  account_collections = [
    "accounts", "agenda", "audits", "deliveries", "endpoints", "keys", "ledger", "receiptKeys", "requests", "service",
    "sessions", "signInCodes", "signInUses", "transactions",
  ]

  # Records of these hold what is long, or times that only grow, and nobody searches for any of it.
  unsearched_collections = ["agenda", "deliveries", "ledger", "requests", "sessions", "transactions"]
}

# Text of what Firestore has no type for (shared/platform/google/document.ts). Indexing it would cost storage and, from
# 1,500 bytes on, fail.
resource "google_firestore_field" "json" {
  for_each = toset(local.audit_collections)

  database   = google_firestore_database.main.name
  collection = each.key
  field      = "json"

  index_config {}
}

resource "google_firestore_field" "accounts_json" {
  for_each = toset(local.account_collections)

  database   = google_firestore_database.accounts.name
  collection = each.key
  field      = "json"

  index_config {}
}

# All other fields are in this one; what holds for a map holds for what is in it.
resource "google_firestore_field" "fields" {
  for_each = toset(local.unsearched_collections)

  database   = google_firestore_database.accounts.name
  collection = each.key
  field      = "fields"

  index_config {}
}

# A document that says when it expires is deleted then, within a day; but a key that has expired stays in its owner's
# list. Nothing of the hosted service relies on it: its agenda deletes what has served its time. Times that only grow, in
# an index, would limit how fast documents are written.
resource "google_firestore_field" "expires_at" {
  for_each = toset(local.audit_collections)

  database   = google_firestore_database.main.name
  collection = each.key
  field      = "expiresAt"

  index_config {}
  ttl_config {}
}

resource "google_firestore_field" "accounts_expires_at" {
  for_each = toset(local.account_collections)

  database   = google_firestore_database.accounts.name
  collection = each.key
  field      = "expiresAt"

  index_config {}

  dynamic "ttl_config" {
    for_each = each.key == "keys" ? [] : [each.key]
    content {}
  }
}

# The ledger is money. What was erased is in the backups for as long as they are kept: no photo, no embedding and no
# report, which are objects.
resource "google_firestore_backup_schedule" "daily" {
  for_each = {
    for name, database in { daily = google_firestore_database.main, accounts = google_firestore_database.accounts } :
    name => database.name if var.backup_days > 0
  }

  database  = each.value
  retention = "${var.backup_days * 24 * 3600}s"

  daily_recurrence {}
}
