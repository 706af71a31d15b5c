# The table of functions.tf as single grants: one function, one topic, area or secret.
locals {
  publishers = {
    for pair in flatten([
      for name, function in local.workloads : [for topic in function.publishes : { function = name, topic = topic }]
    ]) : "${pair.function}-${pair.topic}" => pair
  }

  areas = {
    for grant in flatten([
      for name, function in local.workloads : concat(
        [for area in function.reads : { function = name, area = area, role = "roles/storage.objectViewer" }],
        [for area in function.writes : { function = name, area = area, role = "roles/storage.objectUser" }],
      )
    ]) : "${grant.function}-${grant.area}" => grant
  }

  creations = {
    for grant in flatten([
      for name, function in local.workloads : [
        for area in lookup(function, "creates", []) : { function = name, area = area }
      ]
    ]) : "${grant.function}-${grant.area}" => grant
  }

  deletions = {
    for grant in flatten([
      for name, function in local.workloads : [
        for area in lookup(function, "deletes", []) : { function = name, area = area }
      ]
    ]) : "${grant.function}-${grant.area}" => grant
  }

  # The one that all others are derived from (shared/service/core/secret.ts), for the two that derive any.
  master_secret = coalesce(var.secret, "${var.name}-secret")

  # Of each function: environment variable -> id of the secret.
  secrets = {
    for name in setunion(keys(local.workloads), keys(var.secrets)) : name => merge(
      { for variable in ["REWOUND_SECRET"] : variable => local.master_secret if contains(["api", "deliver"], name) },
      lookup(var.secrets, name, {}),
    )
  }

  secret_grants = {
    for grant in flatten([
      for name, variables in local.secrets : [for secret in distinct(values(variables)) : { function = name, secret = secret }]
    ]) : "${grant.function}-${grant.secret}" => grant
  }
}
