# One account for each function, with what functions.tf says it needs; one that Pub/Sub signs its pushes with; one that
# builds images.
locals {
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  bucket_path  = "projects/_/buckets/${google_storage_bucket.main.name}/objects"
}

resource "google_service_account" "function" {
  for_each = local.workloads

  account_id   = "${var.name}-${each.key}"
  display_name = "${var.name}: function ${each.key}"
  depends_on   = [google_project_service.api]
}

# Topic by topic, so that no step can start another one that it has no business with.
resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.publishers

  topic  = google_pubsub_topic.step[each.value.topic].id
  role   = "roles/pubsub.publisher"
  member = google_service_account.function[each.value.function].member
}

# Area by area: whoever breaks out of one step sees neither reports nor, mostly, photos.
resource "google_storage_bucket_iam_member" "area" {
  for_each = local.areas

  bucket = google_storage_bucket.main.name
  role   = each.value.role
  member = google_service_account.function[each.value.function].member

  condition {
    title      = "${each.value.area} only"
    expression = "resource.name.startsWith(\"${local.bucket_path}/${each.value.area}/\")"
  }
}

# Puts there what is not there yet. Replacing an object needs the right to delete it.
resource "google_storage_bucket_iam_member" "creator" {
  for_each = local.creations

  bucket = google_storage_bucket.main.name
  role   = "roles/storage.objectCreator"
  member = google_service_account.function[each.value.function].member

  condition {
    title      = "${each.value.area} only"
    expression = "resource.name.startsWith(\"${local.bucket_path}/${each.value.area}/\")"
  }
}

# Whoever erases need not see what that is.
resource "google_project_iam_custom_role" "eraser" {
  role_id     = "${replace(var.name, "-", "_")}_eraser"
  title       = "${var.name}: deletes objects"
  permissions = ["storage.objects.delete"]
  depends_on  = [google_project_service.api]
}

resource "google_storage_bucket_iam_member" "eraser" {
  for_each = local.deletions

  bucket = google_storage_bucket.main.name
  role   = google_project_iam_custom_role.eraser.id
  member = google_service_account.function[each.value.function].member

  condition {
    title      = "${each.value.area} only"
    expression = "resource.name.startsWith(\"${local.bucket_path}/${each.value.area}/\")"
  }
}

# Listing is asked of the bucket, not of an area, so a condition cannot narrow it; it shows names and nothing else.
resource "google_project_iam_custom_role" "lister" {
  role_id     = "${replace(var.name, "-", "_")}_lister"
  title       = "${var.name}: lists objects"
  permissions = ["storage.objects.list"]
  depends_on  = [google_project_service.api]
}

resource "google_storage_bucket_iam_member" "lister" {
  for_each = { for name, function in local.workloads : name => function if function.lists }

  bucket = google_storage_bucket.main.name
  role   = google_project_iam_custom_role.lister.id
  member = google_service_account.function[each.key].member
}

# Firestore grants by database, no finer: hence two of them.
resource "google_project_iam_member" "records" {
  for_each = { for name, function in local.workloads : name => function if function.audits != null }

  project = var.project
  role    = each.value.audits == "write" ? "roles/datastore.user" : "roles/datastore.viewer"
  member  = google_service_account.function[each.key].member

  condition {
    title      = "${var.name} database only"
    expression = "resource.name == \"projects/${var.project}/databases/${google_firestore_database.main.name}\""
  }
}

resource "google_project_iam_member" "accounts" {
  for_each = { for name, function in local.workloads : name => function if function.accounts != null }

  project = var.project
  role    = "roles/datastore.user"
  member  = google_service_account.function[each.key].member

  condition {
    title      = "${var.name} accounts only"
    expression = "resource.name == \"projects/${var.project}/databases/${google_firestore_database.accounts.name}\""
  }
}

resource "google_secret_manager_secret_iam_member" "function" {
  for_each = local.secret_grants

  secret_id = each.value.secret
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}

resource "google_service_account" "push" {
  account_id   = "${var.name}-push"
  display_name = "${var.name}: deliveries by Pub/Sub"
  depends_on   = [google_project_service.api]
}

resource "google_cloud_run_v2_service_iam_member" "push" {
  for_each = local.functions

  name     = google_cloud_run_v2_service.function[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.push.member
}

resource "google_service_account_iam_member" "push_token" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent
}

resource "google_service_account" "build" {
  account_id   = "${var.name}-build"
  display_name = "${var.name}: builds of images"
  depends_on   = [google_project_service.api]
}

resource "google_artifact_registry_repository_iam_member" "build" {
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_project_iam_member" "build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

# Sources of builds lie beside Terraform's state, in a bucket that `npm run deploy` makes; the state itself stays unread.
resource "google_storage_bucket_iam_member" "build_source" {
  bucket = "${var.project}-rewound-terraform"
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member

  condition {
    title      = "sources only"
    expression = "resource.name.startsWith(\"projects/_/buckets/${var.project}-rewound-terraform/objects/source/\")"
  }
}
