# One bucket with four areas (shared/pipeline/base/layout.ts):
#   drop/     what users put there; kept until they delete it; the only area that notifies
#   work/     what an audit works with
#   gallery/  embedded photos, by project and content, shared by a project's audits
#   report/   what users get
resource "google_storage_bucket" "main" {
  name          = "${var.project}-${var.name}"
  location      = var.region
  force_destroy = !var.keep_data

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # Photos of people: what is deleted must be gone, so neither versions nor, by default, a time to bring it back.
  versioning {
    enabled = false
  }

  soft_delete_policy {
    retention_duration_seconds = var.undelete_days * 24 * 3600
  }

  dynamic "lifecycle_rule" {
    for_each = {
      for area, days in { work = var.work_days, gallery = var.gallery_days, report = var.report_days } : area => days
      if days != null
    }

    content {
      action {
        type = "Delete"
      }
      condition {
        age            = lifecycle_rule.value
        matches_prefix = ["${lifecycle_rule.key}/"]
      }
    }
  }

  # There is no rule for drop/: what is the operator's stays until they delete it, and what is an account's is deleted by
  # the service, when the audit ends or with its report. That may be ten years later, as the account says: a rule that
  # could catch what the service missed would first catch what it was told to keep. docs/service.md tells how to look.

  # What a broken upload left is no object yet and would be paid for without being seen.
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 2
    }
  }

  # Pages of the service upload from the browser, straight into the bucket. The signed address (googleUploads in
  # shared/platform/google/uploads.ts) says what may be put; this only says from where a browser may try.
  dynamic "cors" {
    for_each = local.api

    content {
      origin          = [local.origin]
      method          = ["PUT"]
      response_header = ["content-type", "x-goog-if-generation-match", "x-goog-content-length-range"]
      max_age_seconds = 3600
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key == null ? [] : [var.kms_key]

    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [google_project_service.api, google_kms_crypto_key_iam_member.agent]
}

data "google_storage_project_service_account" "agent" {
  depends_on = [google_project_service.api]
}

# Only what lands in drop/: no function may wake itself by what it writes.
resource "google_storage_notification" "dropped" {
  bucket             = google_storage_bucket.main.name
  topic              = google_pubsub_topic.step["plan"].id
  payload_format     = "JSON_API_V1"
  event_types        = ["OBJECT_FINALIZE"]
  object_name_prefix = "drop/"

  depends_on = [google_pubsub_topic_iam_member.dropped]
}

resource "google_pubsub_topic_iam_member" "dropped" {
  topic  = google_pubsub_topic.step["plan"].id
  role   = "roles/pubsub.publisher"
  member = data.google_storage_project_service_account.agent.member
}
