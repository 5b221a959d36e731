"""What runs behind the page: endpoints, the pool of models, jobs, uploads, security headers."""
