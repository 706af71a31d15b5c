# The table of functions.tf as single grants: one function, one topic, area or secret.
locals {
  publishers = {
    for pair in flatten([
      for name, function in local.functions : [for topic in function.publishes : { function = name, topic = topic }]
    ]) : "${pair.function}-${pair.topic}" => pair
  }

  areas = {
    for grant in flatten([
      for name, function in local.functions : concat(
        [for area in function.reads : { function = name, area = area, role = "roles/storage.objectViewer" }],
        [for area in function.writes : { function = name, area = area, role = "roles/storage.objectUser" }],
      )
    ]) : "${grant.function}-${grant.area}" => grant
  }

  secret_grants = {
    for grant in flatten([
      for name, variables in var.secrets : [for secret in distinct(values(variables)) : { function = name, secret = secret }]
    ]) : "${grant.function}-${grant.secret}" => grant
  }
}
