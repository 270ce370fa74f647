"""The app's pages: each adds access to what `xattn` can do, never capability."""
