data "aws_iam_policy_document" "of_tasks" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

# What starts a task: it reads the secrets of that task and writes its logs. Web servers never get the owner's.
locals {
  secrets = {
    application = [var.secret_arn, aws_secretsmanager_secret.application.arn]
    owner = [
      var.secret_arn, aws_secretsmanager_secret.application.arn,
      var.owner_secret_arn, aws_secretsmanager_secret.owner.arn,
    ]
  }
}

resource "aws_iam_role" "starting" {
  for_each = local.secrets

  name_prefix        = "${var.name}-start-"
  assume_role_policy = data.aws_iam_policy_document.of_tasks.json
}

resource "aws_iam_role_policy_attachment" "starting" {
  for_each = local.secrets

  role       = aws_iam_role.starting[each.key].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

data "aws_iam_policy_document" "secrets" {
  for_each = local.secrets

  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = each.value
  }

  statement {
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.rest.arn]
  }
}

resource "aws_iam_role_policy" "secrets" {
  for_each = local.secrets

  name   = "secrets"
  role   = aws_iam_role.starting[each.key].id
  policy = data.aws_iam_policy_document.secrets[each.key].json
}

# What a running task may: web servers and workers nothing of AWS, backups their bucket.
resource "aws_iam_role" "running" {
  name_prefix        = "${var.name}-run-"
  assume_role_policy = data.aws_iam_policy_document.of_tasks.json
}

resource "aws_iam_role" "backing_up" {
  name_prefix        = "${var.name}-backup-"
  assume_role_policy = data.aws_iam_policy_document.of_tasks.json
}

data "aws_iam_policy_document" "backing_up" {
  statement {
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.backups.arn]
  }

  statement {
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = ["${aws_s3_bucket.backups.arn}/console/*"]
  }

  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.rest.arn]
  }
}

resource "aws_iam_role_policy" "backing_up" {
  name   = "bucket"
  role   = aws_iam_role.backing_up.id
  policy = data.aws_iam_policy_document.backing_up.json
}

data "aws_iam_policy_document" "of_scheduler" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "scheduling" {
  name_prefix        = "${var.name}-schedule-"
  assume_role_policy = data.aws_iam_policy_document.of_scheduler.json
}

data "aws_iam_policy_document" "scheduling" {
  statement {
    actions   = ["ecs:RunTask"]
    resources = [for one in aws_ecs_task_definition.once : one.arn]
  }

  statement {
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.starting["owner"].arn, aws_iam_role.backing_up.arn]
  }
}

resource "aws_iam_role_policy" "scheduling" {
  name   = "run"
  role   = aws_iam_role.scheduling.id
  policy = data.aws_iam_policy_document.scheduling.json
}

data "aws_iam_policy_document" "of_monitoring" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "monitoring" {
  name_prefix        = "${var.name}-monitor-"
  assume_role_policy = data.aws_iam_policy_document.of_monitoring.json
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}
