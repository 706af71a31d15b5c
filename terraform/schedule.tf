# Looks for audits that a dying process left behind. Most of the time it finds none.
resource "google_cloud_scheduler_job" "sweep" {
  name      = "${var.name}-sweep"
  region    = var.region
  schedule  = "*/10 * * * *"
  time_zone = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.step["sweep"].id
    data       = base64encode(jsonencode({ version = 1 }))
  }

  depends_on = [google_project_service.api]
}
