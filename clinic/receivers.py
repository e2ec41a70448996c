"""What clinic does when an app below it reports something."""
