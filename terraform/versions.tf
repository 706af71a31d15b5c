terraform {
  required_version = ">= 1.9"

  # Where the state lies is said at `terraform init`: npm run deploy keeps it in a bucket of the project.
  backend "gcs" {}

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region

  # Budgets and quotas are asked of this project, not of whoever runs terraform.
  billing_project       = var.project
  user_project_override = true

  default_labels = { app = var.name }
}

data "google_project" "this" {
  project_id = var.project
}
