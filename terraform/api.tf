# The API and its page: the one service that everybody can call. It asks for a key of its own; nothing of it is a push.
locals {
  # Cloud Run gives every service an address that is known before the service is there.
  origin = coalesce(
    var.origin,
    "https://${var.name}-api-${data.google_project.this.number}.${var.region}.run.app",
  )
}

resource "google_cloud_run_v2_service" "api" {
  for_each = local.api

  name                = "${var.name}-${each.key}"
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_ALL"
  deletion_protection = false

  # Anybody may knock. Not by a grant to allUsers: many organizations allow no grants to people outside.
  invoker_iam_disabled = true

  template {
    service_account       = google_service_account.function[each.key].email
    execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
    encryption_key        = var.kms_key

    # Requests wait for storage most of the time, and whoever watches an audit waits for it.
    max_instance_request_concurrency = 80

    # A watch lasts 15 minutes (shared/service/http/watch.ts) and ends itself, before this would.
    timeout = "960s"

    # The most that anybody can make it cost; see docs/service.md.
    scaling {
      min_instance_count = 0
      max_instance_count = var.api_instances
    }

    containers {
      image = var.images.cpu

      resources {
        limits            = { cpu = "1", memory = "1Gi" }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      ports {
        container_port = 8080
      }

      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = 60

        http_get {
          path = "/v1/health"
        }
      }

      dynamic "env" {
        for_each = merge(local.environment, local.accounts_environment, local.service_environment, { FUNCTION_TARGET = each.key })

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = local.secrets[each.key]

        content {
          name = env.key

          value_source {
            secret_key_ref {
              secret  = env.value
              version = "latest"
            }
          }
        }
      }
    }
  }

  depends_on = [
    google_project_service.api,
    google_kms_crypto_key_iam_member.agent,
    google_secret_manager_secret_iam_member.function,
  ]
}

# It has no key of its own to sign addresses of uploads with, and lets the IAM API sign, as itself.
resource "google_service_account_iam_member" "signs" {
  for_each = local.api

  service_account_id = google_service_account.function[each.key].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.function[each.key].member
}
