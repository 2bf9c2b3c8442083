"""The terminal: reads frames and sends commands; it never touches the model or the world."""
