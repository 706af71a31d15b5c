# What each function needs, and nothing more. Everything else follows from this table: services.tf gives each a service,
# topics.tf a topic and a subscription, identities.tf an account with these rights.
#
#   gpu        runs on a GPU, with the processors and memory that come with it (cpu and memory: those that do not)
#   instances  most that run at once
#   concurrency  messages that one instance works on at once, where that is more than one
#   publishes  topics it sends to (shared/pipeline: fan-in.ts, audits.ts)
#   reads      areas of the bucket it reads; writes: areas it reads and writes; lists: whether it lists the bucket
#   creates    areas it puts what is new into, without reading; deletes: areas it deletes from, without reading
#   strangers  works on what strangers uploaded, or on what was made of it: such a function opens no account, is given no
#              secret, and reaches Google's APIs and nothing else (network.tf)
#   audits     read or write records of audits, in a database of their own; null: neither
#   accounts   write records of accounts, keys, ledgers, sessions, webhooks and the agenda, in another; null: none of it
#   attempts   deliveries before a message is given up; null tries until it expires
locals {
  gpu_functions = {
    # Finds out how a generator is to be run, and how long a sample takes: on the device that will probe it. It is
    # called for checkpoints only, see the filter in topics.tf.
    plan = {
      instances = 1
      publishes = ["enrol", "assemble", "probe", "merge", "confirm", "conclude", "notify", "settle"]
      reads     = ["drop", "gallery"]
      writes    = ["work"]
      lists     = true
    }
    enrol = {
      instances = var.gpu_quota
      publishes = ["enrol", "assemble", "notify", "settle"]
      reads     = ["drop", "work"]
      writes    = ["gallery"]
      lists     = false
    }
    probe = {
      instances = var.gpu_quota
      publishes = ["probe", "merge", "notify", "settle"]
      reads     = ["drop"]
      writes    = ["work"]
      lists     = false
    }
    # The same with fresh samples, where somebody was named.
    confirm = {
      instances = var.gpu_quota
      publishes = ["confirm", "conclude", "notify", "settle"]
      reads     = ["drop"]
      writes    = ["work"]
      lists     = false
    }
  }

  cpu_functions = {
    assemble = {
      cpu       = "4"
      memory    = "16Gi"
      instances = 4
      publishes = ["enrol", "assemble", "probe", "merge", "confirm", "conclude", "notify", "settle"]
      reads     = ["drop", "gallery"]
      writes    = ["work"]
      lists     = false
      strangers = true
      audits    = "write"
      accounts  = null
      attempts  = var.delivery_attempts
    }
    merge = {
      cpu       = "4"
      memory    = "16Gi"
      instances = 4
      publishes = ["enrol", "assemble", "probe", "merge", "confirm", "conclude", "notify", "settle"]
      reads     = ["drop"]
      writes    = ["work"]
      lists     = false
      strangers = true
      audits    = "write"
      accounts  = null
      attempts  = var.delivery_attempts
    }
    # Statistics, and the few dozen pictures that the report shows.
    conclude = {
      cpu       = "4"
      memory    = "16Gi"
      instances = 4
      publishes = ["notify", "settle"]
      reads     = ["drop", "work"]
      writes    = ["report"]
      lists     = false
      strangers = true
      audits    = "write"
      accounts  = null
      attempts  = var.delivery_attempts
    }
    notify = {
      cpu       = "1"
      memory    = "512Mi"
      instances = 4
      publishes = ["settle", "audit-finished"]
      reads     = []
      writes    = []
      lists     = false
      strangers = false
      audits    = "read"
      accounts  = null
      attempts  = var.delivery_attempts
    }
    # The hosted service. These three are never given up: a dead letter would be an audit that is not paid for, a webhook
    # that is not sent, or photos that are not erased, and what they do is cheap to try again. Whoever cannot be reached
    # by a webhook is no failure of deliver: it has a list of its own for that.
    #
    # Takes what was planned into its account's record, and settles what has ended with its owner: charges, tells, and
    # erases the uploads, or all of it if it is nobody's.
    settle = {
      cpu       = "1"
      memory    = "1Gi"
      instances = 4
      publishes = ["deliver"]
      reads     = ["report"]
      writes    = []
      deletes   = ["drop", "gallery", "work", "report"]
      lists     = true
      strangers = false
      audits    = "write"
      accounts  = "write"
      attempts  = null
    }
    # Sends webhooks. It alone calls addresses that customers name, and sees nothing of the bucket. It waits for them and
    # does nothing else: alone in its instance, one that never answers would hold up everybody's.
    deliver = {
      cpu         = "1"
      memory      = "512Mi"
      instances   = 4
      concurrency = 20
      publishes   = []
      reads       = []
      writes      = []
      lists       = false
      strangers   = false
      audits      = null
      accounts    = "write"
      attempts    = null
    }
    # Begins, ends and erases audits when their time has come.
    tend = {
      cpu       = "1"
      memory    = "1Gi"
      instances = 4
      publishes = ["plan", "notify", "deliver"]
      reads     = ["report"]
      writes    = []
      deletes   = ["drop", "gallery", "work", "report"]
      lists     = true
      strangers = false
      audits    = "write"
      accounts  = "write"
      attempts  = null
    }
    # The next one comes in ten minutes anyway. It also publishes what has become due (shared/service/core/agenda.ts).
    sweep = {
      cpu       = "1"
      memory    = "1Gi"
      instances = 1
      publishes = ["plan", "enrol", "assemble", "probe", "merge", "confirm", "conclude", "notify", "settle", "deliver", "tend"]
      reads     = ["work"]
      writes    = []
      lists     = false
      strangers = false
      audits    = "write"
      accounts  = "write"
      attempts  = null
    }
    # Where messages end has nowhere to give up to.
    deadletter = {
      cpu       = "1"
      memory    = "1Gi"
      instances = 2
      publishes = ["notify", "settle"]
      reads     = []
      writes    = []
      lists     = false
      strangers = false
      audits    = "write"
      accounts  = null
      attempts  = null
    }
  }

  # The least that Cloud Run gives with each GPU. The L4's driver (535) ends at CUDA 12.2, while the image brings CUDA
  # 13: NVIDIA's compatibility libraries, part of the image, stand before the driver's. The other's driver (580) knows
  # CUDA 13 itself, and older compatibility libraries would refuse to work with it.
  gpus = {
    nvidia-l4           = { cpu = "4", memory = "16Gi", libraries = "/usr/local/cuda/compat:/usr/local/nvidia/lib64" }
    nvidia-rtx-pro-6000 = { cpu = "20", memory = "80Gi", libraries = "/usr/local/nvidia/lib64" }
  }

  functions = merge(
    { for name, function in local.cpu_functions : name => merge(function, { gpu = false }) },
    {
      for name, function in local.gpu_functions : name => merge(function, {
        gpu       = true
        cpu       = local.gpus[var.gpu].cpu
        memory    = local.gpus[var.gpu].memory
        strangers = true
        audits    = "write"
        accounts  = null
        attempts  = var.delivery_attempts
      })
    },
  )

  # Called by people and their programs, not by messages (api.tf).
  api = {
    for name, function in {
      api = {
        publishes = ["plan", "notify", "deliver"]
        reads     = ["drop", "report"]
        writes    = []
        # What customers upload, by addresses that it signs; and project.json.
        creates = ["drop"]
        # Erasing an audit is answered with a receipt of what was erased.
        deletes  = ["drop", "gallery", "work", "report"]
        lists    = true
        audits   = "write"
        accounts = "write"
        # Called by strangers, but it runs nothing of theirs; it needs Stripe, and the addresses of webhooks.
        strangers = false
      }
    } : name => function if var.api_instances > 0
  }

  # All that has an account.
  workloads = merge(local.functions, local.api)

  # For the outside: nobody in here listens.
  outward_topics = ["audit-finished"]
}
