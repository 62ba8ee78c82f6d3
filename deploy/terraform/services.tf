resource "aws_ecs_service" "web" {
  name                               = "web"
  cluster                            = aws_ecs_cluster.console.id
  task_definition                    = aws_ecs_task_definition.web.arn
  desired_count                      = var.web.least
  launch_type                        = "FARGATE"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 150
  health_check_grace_period_seconds  = 60
  availability_zone_rebalancing      = "ENABLED"

  network_configuration {
    subnets         = var.private_subnet_ids
    security_groups = [aws_security_group.tasks.id, aws_security_group.web.id]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.web.arn
    container_name   = "web"
    container_port   = 8000
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  lifecycle {
    ignore_changes = [desired_count] # the scaling below decides
  }

  depends_on = [aws_lb_listener.https]
}

resource "aws_ecs_service" "worker" {
  name                               = "worker"
  cluster                            = aws_ecs_cluster.console.id
  task_definition                    = aws_ecs_task_definition.worker.arn
  desired_count                      = var.worker.count
  launch_type                        = "FARGATE"
  deployment_minimum_healthy_percent = 50
  deployment_maximum_percent         = 200

  network_configuration {
    subnets         = var.private_subnet_ids
    security_groups = [aws_security_group.tasks.id]
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
}

resource "aws_appautoscaling_target" "web" {
  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.console.name}/${aws_ecs_service.web.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = var.web.least
  max_capacity       = var.web.most
}

resource "aws_appautoscaling_policy" "web" {
  name               = "${var.name}-web"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.web.service_namespace
  resource_id        = aws_appautoscaling_target.web.resource_id
  scalable_dimension = aws_appautoscaling_target.web.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_in_cooldown  = 600 # each web server that goes sends its sockets elsewhere
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_scheduler_schedule" "once" {
  for_each = { backup = var.backup.schedule, drill = var.backup.drill_schedule }

  name                         = "${var.name}-${each.key}"
  schedule_expression          = each.value
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_ecs_cluster.console.arn
    role_arn = aws_iam_role.scheduling.arn

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.once[each.key].arn
      launch_type         = "FARGATE"

      network_configuration {
        subnets         = var.private_subnet_ids
        security_groups = [aws_security_group.tasks.id]
      }
    }

    retry_policy {
      maximum_retry_attempts = 0
    }
  }
}
