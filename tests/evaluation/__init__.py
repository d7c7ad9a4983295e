"""Quality on data with labels: each folder prints one table, with sample sizes and intervals (`make eval-...`)."""
