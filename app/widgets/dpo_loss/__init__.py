"""The widget dpo_loss."""
