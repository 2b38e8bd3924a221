"""Tools for those who work on the library: pages and measurements that are made from its code."""
