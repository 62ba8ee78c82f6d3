output "balancer" {
  description = "Where the name of the console has to lead (CNAME or alias)."
  value       = aws_lb.web.dns_name
}

output "migrate" {
  description = "What brings the database up to date: run it once at first, and before each new image."
  value = join(" ", [
    "aws ecs run-task --launch-type FARGATE",
    "--cluster ${aws_ecs_cluster.console.name} --task-definition ${aws_ecs_task_definition.once["migrate"].family}",
    "--network-configuration 'awsvpcConfiguration={subnets=[${join(",", var.private_subnet_ids)}],securityGroups=[${aws_security_group.tasks.id}]}'",
  ])
}

output "backups" {
  description = "The bucket with the backups."
  value       = aws_s3_bucket.backups.bucket
}
