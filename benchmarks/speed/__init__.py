"""Speed: of this engine by stage and under load, and side by side with others."""
