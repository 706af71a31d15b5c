# Where functions that work on what strangers uploaded can connect to: Google's APIs, and nothing else. They send all
# traffic into a network without a way to the internet. Its only route leads to the addresses at which Google answers for
# its APIs, its firewall lets nothing else out, and its names resolve to these addresses. The API and deliver, which call
# Stripe and customers' webhooks, are not in it.
locals {
  # https://cloud.google.com/vpc/docs/configure-private-google-access#domain-options
  google_apis = {
    restricted = { range = "199.36.153.4/30", addresses = ["199.36.153.4", "199.36.153.5", "199.36.153.6", "199.36.153.7"] }
    private    = { range = "199.36.153.8/30", addresses = ["199.36.153.8", "199.36.153.9", "199.36.153.10", "199.36.153.11"] }
  }
}

resource "google_compute_network" "closed" {
  name                            = "${var.name}-closed"
  auto_create_subnetworks         = false
  delete_default_routes_on_create = true
  depends_on                      = [google_project_service.api]
}

# Cloud Run takes up to two addresses for an instance, and keeps them for a while after it ended.
resource "google_compute_subnetwork" "closed" {
  name                     = "${var.name}-closed"
  region                   = var.region
  network                  = google_compute_network.closed.id
  ip_cidr_range            = "10.8.0.0/20"
  private_ip_google_access = true
}

# The next hop is what Google calls every way out; these addresses are announced to no other network.
resource "google_compute_route" "google" {
  name             = "${var.name}-google"
  network          = google_compute_network.closed.id
  dest_range       = local.google_apis[var.google_apis].range
  next_hop_gateway = "default-internet-gateway"
}

resource "google_compute_firewall" "google" {
  name               = "${var.name}-google"
  network            = google_compute_network.closed.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = [local.google_apis[var.google_apis].range]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

# Also what a route that is added later would let through.
resource "google_compute_firewall" "nothing_else" {
  name               = "${var.name}-nothing-else"
  network            = google_compute_network.closed.id
  direction          = "EGRESS"
  priority           = 65534
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

# storage.googleapis.com, pubsub.googleapis.com, firestore.googleapis.com, and www.googleapis.com for the certificates
# that a push is verified with.
resource "google_dns_managed_zone" "google" {
  name       = "${var.name}-google"
  dns_name   = "googleapis.com."
  visibility = "private"

  private_visibility_config {
    networks {
      network_url = google_compute_network.closed.id
    }
  }

  depends_on = [google_project_service.api]
}

resource "google_dns_record_set" "google" {
  managed_zone = google_dns_managed_zone.google.name
  name         = "${var.google_apis}.googleapis.com."
  type         = "A"
  ttl          = 300
  rrdatas      = local.google_apis[var.google_apis].addresses
}

resource "google_dns_record_set" "any_google" {
  managed_zone = google_dns_managed_zone.google.name
  name         = "*.googleapis.com."
  type         = "CNAME"
  ttl          = 300
  rrdatas      = ["${var.google_apis}.googleapis.com."]
}
