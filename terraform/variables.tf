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

variable "google_apis" {
  description = "Addresses by which functions that work on what strangers uploaded reach Google's APIs: restricted (those that VPC Service Controls can guard) or private (all)."
  type        = string
  default     = "restricted"

  validation {
    condition     = contains(["restricted", "private"], var.google_apis)
    error_message = "Google's APIs are reached at its restricted or its private addresses."
  }
}

variable "keep_data" {
  description = "Whether terraform refuses to delete the bucket while it holds anything, and the databases."
  type        = bool
  default     = true
}

variable "kms_key" {
  description = "Cloud KMS key (projects/P/locations/REGION/keyRings/R/cryptoKeys/K) for objects, messages, records and images; null leaves it to Google's keys. Cannot be changed later for the databases and the images."
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

variable "backup_days" {
  description = "Days that daily backups of the databases are kept, at most 98; 0 makes none."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 0 && var.backup_days <= 98 && floor(var.backup_days) == var.backup_days
    error_message = "Backups are kept for 1 to 98 days, or, with 0, not made."
  }
}

variable "api_instances" {
  description = "Most instances of the API, which everybody can call; 0: there is no API."
  type        = number
  default     = 4

  validation {
    condition     = var.api_instances >= 0 && var.api_instances <= 100 && floor(var.api_instances) == var.api_instances
    error_message = "The API has a whole number of instances from 0 to 100."
  }
}

variable "origin" {
  description = "Where people reach the API, such as https://audits.example.com, if that is a domain of yours; null: the address that Cloud Run gives."
  type        = string
  default     = null

  validation {
    condition     = var.origin == null ? true : can(regex("^https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?$", var.origin))
    error_message = "An origin is https:// and a host in small letters, without a slash at the end."
  }
}

variable "sign_up" {
  description = "open: anybody may make an account. closed: only the operator, with rewound account."
  type        = string
  default     = "closed"

  validation {
    condition     = contains(["open", "closed"], var.sign_up)
    error_message = "Sign-up is open or closed."
  }

  # Without a payment service credits are free, and given as they are needed.
  validation {
    condition     = var.sign_up == "closed" || contains(keys(lookup(var.secrets, "api", {})), "STRIPE_API_KEY")
    error_message = "Open sign-up needs STRIPE_API_KEY among the secrets of api: else anybody could use your GPUs for nothing."
  }
}

variable "requests_per_minute" {
  description = "Requests that one account, or one address without a good key, may make of one instance of the API in a minute."
  type        = number
  default     = 600

  validation {
    condition     = var.requests_per_minute >= 1 && floor(var.requests_per_minute) == var.requests_per_minute
    error_message = "The requests in a minute are a whole number from 1 on."
  }
}

variable "log_addresses" {
  description = "Whether the log keeps Cloud Run's own lines of requests to the API, with the internet addresses they came from."
  type        = bool
  default     = false
}

variable "webhook_allow" {
  description = "Networks (CIDR) that webhooks may go to although they are not public, over plain http too."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for network in var.webhook_allow : can(cidrhost(network, 0))])
    error_message = "A network is a CIDR such as 10.1.0.0/16."
  }
}

variable "secret" {
  description = "Id of the secret of Secret Manager that holds the service's own, 32 bytes in base64; null: NAME-secret, which npm run deploy makes."
  type        = string
  default     = null

  validation {
    condition     = var.secret == null ? true : can(regex("^[A-Za-z0-9_-]{1,255}$", var.secret))
    error_message = "The id of a secret has letters, digits, dashes and underscores."
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

  # What breaks out of a model would have them.
  validation {
    condition     = alltrue([for name in keys(var.secrets) : !lookup(lookup(local.workloads, name, {}), "strangers", false)])
    error_message = "A function that works on what strangers uploaded is given no secret."
  }
}
