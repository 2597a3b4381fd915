//! The window: state, commands, panels and textures.
