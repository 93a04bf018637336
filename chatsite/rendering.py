"""Every form is drawn by our own partials: `{{ form }}` by `parts/form.html`, each field by `parts/field.html`."""

from django.forms.renderers import TemplatesSetting


class PartsRenderer(TemplatesSetting):
    form_template_name = "parts/form.html"
    field_template_name = "parts/field.html"
