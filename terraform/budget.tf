# A limit, and what happens at it: Google only tells that money was spent. A function that listens then takes every
# subscription off its service. Messages stay in the subscriptions, instances run out of work and end, and the next
# deployment lets everything go on where it stood. Costs are reported with hours of delay, so the limit is soft. The API
# has no subscription and answers on: reports can be read and audits erased, and what is started waits.
locals {
  budget = var.budget == null ? {} : { this = var.budget }
}

resource "google_pubsub_topic" "budget" {
  for_each = local.budget

  name       = "${var.name}-budget"
  depends_on = [google_project_service.api]
}

resource "google_billing_budget" "this" {
  for_each = local.budget

  billing_account = each.value.account
  display_name    = "${var.name} in ${var.project}"

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }

  amount {
    specified_amount {
      units = tostring(floor(each.value.amount))
    }
  }

  # These send mails; the topic is told several times a day, whatever was spent.
  threshold_rules {
    threshold_percent = 0.5
  }

  threshold_rules {
    threshold_percent = 1
  }

  all_updates_rule {
    pubsub_topic   = google_pubsub_topic.budget[each.key].id
    schema_version = "1.0"
  }
}

resource "google_service_account" "breaker" {
  for_each = local.budget

  account_id   = "${var.name}-breaker"
  display_name = "${var.name}: stops deliveries at the budget"
  depends_on   = [google_project_service.api]
}

resource "google_project_iam_custom_role" "breaker" {
  for_each = local.budget

  role_id     = "${replace(var.name, "-", "_")}_breaker"
  title       = "${var.name}: takes subscriptions off their services"
  permissions = ["pubsub.subscriptions.update"]
  depends_on  = [google_project_service.api]
}

resource "google_pubsub_subscription_iam_member" "breaker" {
  for_each = { for name, function in local.functions : name => function if var.budget != null }

  subscription = google_pubsub_subscription.step[each.key].id
  role         = google_project_iam_custom_role.breaker["this"].id
  member       = google_service_account.breaker["this"].member
}

resource "google_cloud_run_v2_service" "breaker" {
  for_each = local.budget

  name                = "${var.name}-breaker"
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  deletion_protection = false

  template {
    service_account = google_service_account.breaker[each.key].email

    scaling {
      max_instance_count = 1
    }

    containers {
      image   = var.images.cpu
      command = ["node"]
      args    = ["scripts/deploy/breaker.ts"]

      resources {
        limits   = { cpu = "1", memory = "512Mi" }
        cpu_idle = true
      }

      env {
        name  = "REWOUND_PROJECT"
        value = var.project
      }

      # By name, not by reference: a subscription that is to be made again must not wait for this.
      env {
        name  = "REWOUND_SUBSCRIPTIONS"
        value = join(",", [for name in keys(local.functions) : "${var.name}-${name}"])
      }
    }
  }

  depends_on = [google_project_service.api]
}

resource "google_cloud_run_v2_service_iam_member" "breaker" {
  for_each = local.budget

  name     = google_cloud_run_v2_service.breaker[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.push.member
}

resource "google_pubsub_subscription" "budget" {
  for_each = local.budget

  name                 = "${var.name}-budget"
  topic                = google_pubsub_topic.budget[each.key].id
  ack_deadline_seconds = 60

  expiration_policy {
    ttl = ""
  }

  push_config {
    push_endpoint = google_cloud_run_v2_service.breaker[each.key].uri

    oidc_token {
      service_account_email = google_service_account.push.email
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  depends_on = [google_cloud_run_v2_service_iam_member.breaker]
}
