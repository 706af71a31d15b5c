variable "project" {
  description = "Id of the Google Cloud project that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens and begins with a letter."
  }
}

variable "region" {
  description = "Region of everything, one that Cloud Run has the GPU in. Photos never leave it."
  type        = string
  default     = "europe-west4"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like europe-west4; zones and multi-regions are none."
  }
}

variable "name" {
  description = "Before every name, so that several deployments can share a project."
  type        = string
  default     = "rewound"

  # Service accounts have at most 30 characters, and the longest function is called deadletter.
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,17}[a-z0-9]$", var.name))
    error_message = "The name has 4 to 19 lower-case letters, digits and hyphens and begins with a letter."
  }
}

variable "images" {
  description = "Container images by kind, with a tag or digest that is never used again: cpu and gpu."
  type        = object({ cpu = string, gpu = string })

  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("^[^:@]+/[^:@]+(:[\\w.-]+|@sha256:[0-9a-f]{64})$", image))])
    error_message = "An image is REGISTRY/PATH:TAG or REGISTRY/PATH@sha256:DIGEST."
  }

  validation {
    condition     = !anytrue([for image in values(var.images) : endswith(image, ":latest")])
    error_message = "An image tagged latest changes without a deployment: name the build."
  }
}

variable "gpu" {
  description = "Kind of the GPU of plan, enrol and probe: nvidia-l4 or nvidia-rtx-pro-6000."
  type        = string
  default     = "nvidia-l4"

  validation {
    condition     = contains(["nvidia-l4", "nvidia-rtx-pro-6000"], var.gpu)
    error_message = "The GPU is nvidia-l4 or nvidia-rtx-pro-6000."
  }
}

variable "gpu_quota" {
  description = "GPUs of this kind, without zonal redundancy, that Cloud Run grants the project in the region: the most instances, and the shards of an audit in flight."
  type        = number
  default     = 1

  validation {
    condition     = var.gpu_quota >= 1 && var.gpu_quota <= 1000 && floor(var.gpu_quota) == var.gpu_quota
    error_message = "The GPU quota is a whole number from 1 to 1000."
  }
}

variable "delivery_attempts" {
  description = "Deliveries after which a message is given up and its audit ends as failed. A push that meets only busy instances counts too."
  type        = number
  default     = 30

  validation {
    condition     = var.delivery_attempts >= 5 && var.delivery_attempts <= 100
    error_message = "Pub/Sub gives up after 5 to 100 deliveries."
  }
}

variable "work_days" {
  description = "Days after which what an audit worked with is deleted."
  type        = number
  default     = 14

  # An audit is ended after a week; its work must not vanish under it.
  validation {
    condition     = var.work_days >= 8
    error_message = "Work is kept for at least 8 days, because an audit may take 7."
  }
}

variable "gallery_days" {
  description = "Days after which embedded photos are deleted; an audit that needs them later embeds them again."
  type        = number
  default     = 90

  validation {
    condition     = var.gallery_days >= 8
    error_message = "Embedded photos are kept for at least 8 days, because an audit may take 7."
  }
}

variable "report_days" {
  description = "Days after which reports are deleted; null keeps them."
  type        = number
  default     = null

  validation {
    condition     = var.report_days == null ? true : var.report_days >= 1
    error_message = "Reports are kept for at least a day, or, with null, for good."
  }
}

variable "undelete_days" {
  description = "Days in which deleted objects can be brought back, or 0. Until then a deleted photo is not gone."
  type        = number
  default     = 0

  validation {
    condition     = var.undelete_days == 0 || (var.undelete_days >= 7 && var.undelete_days <= 90)
    error_message = "Cloud Storage keeps deleted objects for 7 to 90 days, or, with 0, not at all."
  }
}

variable "keep_data" {
  description = "Whether terraform refuses to delete the bucket while it holds anything, and the database."
  type        = bool
  default     = true
}

variable "kms_key" {
  description = "Cloud KMS key (projects/P/locations/REGION/keyRings/R/cryptoKeys/K) for objects, messages, records and images; null leaves it to Google's keys. Cannot be changed later for the database and the images."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null ? true : can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "A key is projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

variable "budget" {
  description = "Monthly limit of what this project may cost, in whole units of the billing account's currency, beyond which deliveries stop; null sets none."
  type        = object({ account = string, amount = number })
  default     = null

  validation {
    condition     = var.budget == null ? true : can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.account)) && var.budget.amount >= 1
    error_message = "A budget names a billing account (XXXXXX-XXXXXX-XXXXXX) and an amount of at least 1."
  }
}

variable "secrets" {
  description = "Secrets of Secret Manager a function is given: function -> environment variable -> id of a secret that exists and has a version."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = alltrue(flatten([for variables in values(var.secrets) : [for name in keys(variables) : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !startswith(name, "REWOUND_")]]))
    error_message = "A secret's variable has capital letters, digits and underscores, and does not begin with REWOUND_."
  }
}
