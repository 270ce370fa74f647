"""Adapters to grad-cam, captum, shap and lime: the same contract, each library's own arithmetic.

A library is imported when its explainer runs, never with this package.
"""
