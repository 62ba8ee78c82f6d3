resource "aws_cloudwatch_log_group" "console" {
  name              = "/${var.name}"
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.rest.arn
}

resource "aws_ecs_cluster" "console" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enhanced"
  }
}

locals {
  settings = merge(
    {
      APP_ENV         = "production"
      PUBLIC_ORIGIN   = var.public_origin
      TRUSTED_PROXIES = join(",", [for subnet in data.aws_subnet.public : subnet.cidr_block])
      METRICS_PORT    = "9100"
      BACKUP_TARGET   = "s3://${aws_s3_bucket.backups.bucket}/console"
      BACKUP_DAYS     = tostring(var.backup.days)
      AWS_REGION      = data.aws_region.current.region
    },
    var.settings,
  )
  application_secrets = merge(
    { for name in ["SECRET_KEY", "AUDIT_KEY", "METRICS_TOKEN"] : name => "${var.secret_arn}:${name}::" },
    {
      for name in var.database.replica ? ["DATABASE_URL", "DATABASE_READ_URL", "REDIS_URL"] : ["DATABASE_URL", "REDIS_URL"] :
      name => "${aws_secretsmanager_secret.application.arn}:${name}::"
    },
  )
  owner_secrets = merge(local.application_secrets, {
    DATABASE_OWNER_URL = "${aws_secretsmanager_secret.owner.arn}:DATABASE_OWNER_URL::"
    BACKUP_KEY         = "${var.owner_secret_arn}:BACKUP_KEY::"
  })

  # What is the same in every container.
  container = {
    image                  = var.image
    essential              = true
    readonlyRootFilesystem = true
    user                   = "10001:10001"
    environment            = [for name, value in local.settings : { name = name, value = value }]
    linuxParameters        = { initProcessEnabled = true, capabilities = { add = [], drop = ["ALL"] } }
    mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
  }
  logs = {
    for part in ["web", "worker", "migrate", "backup", "drill"] : part => {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.console.name
        "awslogs-region"        = data.aws_region.current.region
        "awslogs-stream-prefix" = part
      }
    }
  }
}

resource "aws_ecs_task_definition" "web" {
  family                   = "${var.name}-web"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.web.cpu
  memory                   = var.web.memory
  execution_role_arn       = aws_iam_role.starting["application"].arn
  task_role_arn            = aws_iam_role.running.arn

  container_definitions = jsonencode([merge(local.container, {
    name             = "web"
    command          = ["web", "--host", "0.0.0.0", "--port", "8000"]
    secrets          = [for name, from in local.application_secrets : { name = name, valueFrom = from }]
    portMappings     = [{ containerPort = 8000, protocol = "tcp" }]
    stopTimeout      = 30
    logConfiguration = local.logs["web"]
  })])

  volume {
    name = "tmp"
  }
}

resource "aws_ecs_task_definition" "worker" {
  family                   = "${var.name}-worker"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.worker.cpu
  memory                   = var.worker.memory
  execution_role_arn       = aws_iam_role.starting["owner"].arn
  task_role_arn            = aws_iam_role.running.arn

  container_definitions = jsonencode([merge(local.container, {
    name             = "worker"
    command          = ["worker"]
    secrets          = [for name, from in local.owner_secrets : { name = name, valueFrom = from }]
    stopTimeout      = 60
    logConfiguration = local.logs["worker"]
  })])

  volume {
    name = "tmp"
  }
}

# Commands that run once: the migrations by hand before a new image, the others by their schedules.
resource "aws_ecs_task_definition" "once" {
  for_each = toset(["migrate", "backup", "drill"])

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024
  memory                   = 2048
  execution_role_arn       = aws_iam_role.starting["owner"].arn
  task_role_arn            = each.key == "migrate" ? aws_iam_role.running.arn : aws_iam_role.backing_up.arn

  container_definitions = jsonencode([merge(local.container, {
    name             = each.key
    command          = [each.key]
    secrets          = [for name, from in local.owner_secrets : { name = name, valueFrom = from }]
    stopTimeout      = 60
    logConfiguration = local.logs[each.key]
  })])

  volume {
    name = "tmp"
  }
}
