# Cloud Run notes every request to the API with its whole address and with where it came from. The API's own line says
# what was asked for and what was answered, by the account's id, and is enough; an address on the internet is somebody's.
resource "google_logging_project_exclusion" "requests" {
  for_each = local.api

  name        = "${var.name}-${each.key}-requests"
  description = "Requests to the API, with their addresses: the API tells of them itself, without."
  filter      = "log_id(\"run.googleapis.com/requests\") AND resource.labels.service_name=\"${var.name}-${each.key}\""
  disabled    = var.log_addresses
  depends_on  = [google_project_service.api]
}
