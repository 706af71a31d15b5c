locals {
  # What a push's token is made for. Not the service's address: that is known only once the service is there, and the
  # service must be told.
  audiences = { for name in keys(local.functions) : name => "${var.project}/${var.name}-${name}" }

  # Where everything is.
  environment = {
    REWOUND_PROJECT      = var.project
    REWOUND_BUCKET       = google_storage_bucket.main.name
    REWOUND_TOPIC_PREFIX = "${var.name}-"
    REWOUND_DATABASE     = google_firestore_database.main.name
  }

  # For functions that open accounts, and for no other.
  accounts_environment = {
    REWOUND_ACCOUNTS_DATABASE = google_firestore_database.accounts.name
  }

  # What the hosted service is told (functions/settings.ts), besides its secrets.
  service_environment = {
    REWOUND_ORIGIN              = local.origin
    REWOUND_SIGN_UP             = var.sign_up
    REWOUND_WEBHOOK_ALLOW       = join(",", var.webhook_allow)
    REWOUND_REQUESTS_PER_MINUTE = tostring(var.requests_per_minute)
    # Cloud Run adds who asks to X-Forwarded-For.
    REWOUND_PROXIED = "true"
  }
}

resource "google_cloud_run_v2_service" "function" {
  for_each = local.functions

  name     = "${var.name}-${each.key}"
  location = var.region

  # Pub/Sub of the same project counts as internal; nobody else has any business here.
  ingress             = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  custom_audiences    = [local.audiences[each.key]]
  deletion_protection = false

  template {
    service_account       = google_service_account.function[each.key].email
    execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
    encryption_key        = var.kms_key

    # One message at a time where nothing is said: a step may take the whole machine (functions/server.ts).
    max_instance_request_concurrency = lookup(each.value, "concurrency", 1)
    timeout                          = "600s"

    # Half the price. The zone that fails takes its shards with it, and they come again.
    gpu_zonal_redundancy_disabled = each.value.gpu ? true : null

    scaling {
      min_instance_count = 0
      max_instance_count = each.value.instances
    }

    # All traffic goes into the network that leads to Google's APIs only (network.tf).
    dynamic "vpc_access" {
      for_each = each.value.strangers ? [google_compute_subnetwork.closed] : []

      content {
        egress = "ALL_TRAFFIC"

        network_interfaces {
          network    = vpc_access.value.network
          subnetwork = vpc_access.value.id
        }
      }
    }

    dynamic "node_selector" {
      for_each = each.value.gpu ? [var.gpu] : []

      content {
        accelerator = node_selector.value
      }
    }

    containers {
      image = each.value.gpu ? var.images.gpu : var.images.cpu

      resources {
        limits = merge(
          { cpu = each.value.cpu, memory = each.value.memory },
          each.value.gpu ? { "nvidia.com/gpu" = "1" } : {},
        )

        # With a GPU the processor is paid for anyway; without, nothing is done between requests.
        cpu_idle          = !each.value.gpu
        startup_cpu_boost = !each.value.gpu
      }

      ports {
        container_port = 8080
      }

      # The port opens once a model has run on the device that was asked for: a service without its GPU never starts.
      startup_probe {
        period_seconds    = 10
        timeout_seconds   = 5
        failure_threshold = 24

        tcp_socket {
          port = 8080
        }
      }

      dynamic "env" {
        for_each = merge(
          local.environment,
          {
            FUNCTION_TARGET = each.key
            # Part of an audit's identity, by what plan says. No step falls back to another device.
            REWOUND_DEVICE        = each.value.gpu ? "cuda" : "cpu"
            REWOUND_WINDOW        = tostring(var.gpu_quota)
            REWOUND_CONCURRENCY   = tostring(lookup(each.value, "concurrency", 1))
            REWOUND_PUSH_AUDIENCE = local.audiences[each.key]
            REWOUND_PUSH_EMAIL    = google_service_account.push.email
          },
          { for name, value in local.accounts_environment : name => value if each.value.accounts != null },
          { for name, value in local.service_environment : name => value if each.key == "deliver" },
          each.value.gpu ? { LD_LIBRARY_PATH = local.gpus[var.gpu].libraries } : {},
        )

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
    google_compute_route.google,
    google_compute_firewall.google,
    google_compute_firewall.nothing_else,
    google_dns_record_set.any_google,
    google_dns_record_set.google,
  ]
}
