"""What old code and old files need to live on: tensorflow-addons."""
