//! What the user chose and where things lie; shared by the window and the command line.
