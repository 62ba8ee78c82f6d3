variable "name" {
  description = "How everything is named: several installations may share an account."
  type        = string
  default     = "sim-console"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,24}[a-z0-9]$", var.name))
    error_message = "Lower-case letters, digits and hyphens, 3 to 26 of them."
  }
}

variable "image" {
  description = "The image by its digest, like 123456789012.dkr.ecr.eu-central-1.amazonaws.com/sim-console@sha256:..."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest, so that every task runs the same one."
  }
}

variable "public_origin" {
  description = "The address that people open, like https://console.example.com."
  type        = string

  validation {
    condition     = can(regex("^https://[a-z0-9.-]+$", var.public_origin))
    error_message = "An https address without a path."
  }
}

variable "certificate_arn" {
  description = "The certificate of that name, in AWS Certificate Manager."
  type        = string
}

variable "secret_arn" {
  description = "A secret of yours in Secrets Manager whose keys are settings: SECRET_KEY, AUDIT_KEY, METRICS_TOKEN."
  type        = string
}

variable "owner_secret_arn" {
  description = "Another one, which web servers never get: BACKUP_KEY."
  type        = string
}

variable "redis_auth_token" {
  description = "What the console signs in to Valkey with. It stands in the state: keep that encrypted."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[A-Za-z0-9]{32,128}$", var.redis_auth_token))
    error_message = "32 to 128 letters and digits."
  }
}

variable "owner_password_version" {
  description = "Raise it for a new password of the database's owner."
  type        = number
  default     = 1
}

variable "vpc_id" {
  description = "The VPC that everything is in."
  type        = string
}

variable "public_subnet_ids" {
  description = "Of the load balancer, in two zones at least."
  type        = list(string)

  validation {
    condition     = length(var.public_subnet_ids) >= 2
    error_message = "Two subnets at least, in different zones."
  }
}

variable "private_subnet_ids" {
  description = "Of everything else, in two zones at least, with a way out to 1NCE (NAT)."
  type        = list(string)

  validation {
    condition     = length(var.private_subnet_ids) >= 2
    error_message = "Two subnets at least, in different zones."
  }
}

variable "client_cidrs" {
  description = "From where the load balancer may be reached. 1NCE's Data Streamer comes from the internet."
  type        = list(string)
  default     = ["0.0.0.0/0"]
}

variable "settings" {
  description = "Further settings that are no secrets, like { LOG_LEVEL = \"WARNING\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : !can(regex("SECRET|PASSWORD|TOKEN|_KEY|DATABASE_|REDIS_URL|_DSN|SMTP_URL", name))])
    error_message = "Secrets belong into the secrets."
  }
}

variable "web" {
  description = "Web servers: how many at least and at most, CPU units and MiB of each."
  type        = object({ least = number, most = number, cpu = number, memory = number })
  default     = { least = 3, most = 10, cpu = 1024, memory = 2048 }
}

variable "worker" {
  description = "Workers: how many, CPU units and MiB of each."
  type        = object({ count = number, cpu = number, memory = number })
  default     = { count = 2, cpu = 1024, memory = 2048 }
}

variable "database" {
  description = "PostgreSQL: class of the machines, GB at first and at most, days of automated backups, whether it has a replica for exports and charts."
  type        = object({ class = string, gigabytes = number, most_gigabytes = number, days = number, replica = bool })
  default     = { class = "db.m7g.large", gigabytes = 100, most_gigabytes = 1000, days = 14, replica = true }
}

variable "redis_node_type" {
  description = "The class of Valkey's two nodes."
  type        = string
  default     = "cache.m7g.large"
}

variable "backup" {
  description = "When it is backed up, when the newest backup is tried (schedule expressions, UTC), and how many days one is kept."
  type        = object({ schedule = string, drill_schedule = string, days = number })
  default     = { schedule = "cron(15 * * * ? *)", drill_schedule = "cron(30 4 * * ? *)", days = 30 }
}

variable "log_days" {
  description = "How many days logs are kept."
  type        = number
  default     = 90
}
