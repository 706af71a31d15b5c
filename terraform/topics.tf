# A topic for each function, one for the outside, and a push subscription that brings each function its messages.
resource "google_pubsub_topic" "step" {
  for_each = toset(concat(keys(local.functions), local.outward_topics))

  name         = "${var.name}-${each.key}"
  kms_key_name = var.kms_key

  # Messages carry ids only, but also those stay where the data is.
  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.api, google_kms_crypto_key_iam_member.agent]
}

resource "google_pubsub_subscription" "step" {
  for_each = local.functions

  name  = "${var.name}-${each.key}"
  topic = google_pubsub_topic.step[each.key].id

  # As long as a request may take (services.tf): earlier, and a slow shard would be sent a second time.
  ack_deadline_seconds = 600

  # A sweep that could not be delivered for an hour has been followed by others. What is never given up is kept for as
  # long as Pub/Sub keeps anything.
  message_retention_duration = each.key == "sweep" ? "3600s" : each.value.attempts == null ? "2678400s" : "604800s"

  # Nothing happens for months, and it must still be there.
  expiration_policy {
    ttl = ""
  }

  push_config {
    # functions-framework reads the topic's name from the path; see pushEndpoint in shared/platform/google/push.ts.
    push_endpoint = "${google_cloud_run_v2_service.function[each.key].uri}/projects/${var.project}/topics/${google_pubsub_topic.step[each.key].name}"

    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = local.audiences[each.key]
    }
  }

  # A push that finds every GPU busy is refused and counts as an attempt: wait long rather than often.
  retry_policy {
    minimum_backoff = each.value.gpu ? "30s" : "10s"
    maximum_backoff = "600s"
  }

  # The bucket tells of every photo; a hundred thousand of them must not keep a GPU awake. Nor may uploads of an account:
  # the API itself asks for a plan once their audit is started, and held for.
  dynamic "message_transforms" {
    for_each = each.key == "plan" ? ["checkpointsOnly"] : []

    content {
      javascript_udf {
        function_name = message_transforms.value
        code          = file("${path.module}/checkpoints-only.js")
      }
    }
  }

  dynamic "dead_letter_policy" {
    for_each = each.value.attempts == null ? [] : [each.value.attempts]

    content {
      dead_letter_topic     = google_pubsub_topic.step["deadletter"].id
      max_delivery_attempts = dead_letter_policy.value
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.push]
}

# Pub/Sub itself moves dead letters, as its own account.
resource "google_pubsub_topic_iam_member" "deadletter" {
  topic  = google_pubsub_topic.step["deadletter"].id
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "deadletter" {
  for_each = { for name, function in local.functions : name => function if function.attempts != null }

  subscription = google_pubsub_subscription.step[each.key].id
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}
