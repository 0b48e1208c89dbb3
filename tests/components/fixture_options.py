"""What GOV.UK Frontend's own fixtures ask of a component, said in the options of ours.

Each table says by which name we offer one of their options; a fixture that uses an option without a name here cannot be drawn
with our templates, and ``copy_fixtures`` leaves it out and notes why.
"""

from typing import Any

TEXT = {"text": "text", "html": "text"}
COMMON = {"classes": "classes", "attributes": "attributes"}
LABEL = {"label.text": "label", "label.html": "label", "label.classes": "label_class", "label.isPageHeading": "page_heading"}
LEGEND = {
    "fieldset": "",
    "fieldset.legend.text": "legend",
    "fieldset.legend.html": "legend",
    "fieldset.legend.classes": "legend_class",
    "fieldset.legend.isPageHeading": "page_heading",
    "fieldset.describedBy": "described_by",
}
HINT = {"hint.text": "hint", "hint.html": "hint"}
QUESTION = {
    **COMMON,
    **HINT,
    "errorMessage.text": "error",
    "errorMessage.html": "error",
    "formGroup.classes": "group_class",
    "describedBy": "described_by",
    "disabled": "disabled",
    "id": "id",
    "name": "name",
    "value": "value",
}
ATTRIBUTE = {name: f"attributes.{name}" for name in ("autocomplete", "autocapitalize", "inputmode", "pattern", "spellcheck")}
LINK = {**TEXT, "href": "href", "attributes": "attributes"}
ACTION = {**LINK, "classes": "classes", "visuallyHiddenText": "hidden"}
CELL = {**TEXT, **COMMON, "format": "format", "colspan": "colspan", "rowspan": "rowspan"}
CHOICE = {
    **TEXT,
    **HINT,
    "value": "value",
    "checked": "checked",
    "id": "id",
    "disabled": "disabled",
    "divider": "divider",
    "attributes": "attributes",
}

# component -> their option -> ours; of lists, the table of the items stands under "list[]".
OFFERED: dict[str, dict[str, Any]] = {
    "back-link": {**TEXT, **COMMON, "href": "href"},
    "breadcrumbs": {**COMMON, "collapseOnMobile": "collapse_on_mobile", "labelText": "label", "items": "items", "items[]": LINK},
    "button": {
        **TEXT,
        **COMMON,
        "href": "href",
        "type": "type",
        "name": "name",
        "value": "value",
        "id": "id",
        "disabled": "disabled",
        "isStartButton": "start",
        "preventDoubleClick": "prevent_double_click",
    },
    "character-count": {
        **QUESTION,
        **LABEL,
        "maxlength": "maxlength",
        "threshold": "threshold",
        "rows": "rows",
        "spellcheck": "attributes.spellcheck",
    },
    "checkboxes": {
        **QUESTION,
        **LEGEND,
        "idPrefix": "id",
        "values": "values",
        "items": "items",
        "items[]": {**CHOICE, "name": "name", "behaviour": "behaviour"},
    },
    "date-input": {
        **QUESTION,
        **LEGEND,
        "namePrefix": "name_prefix",
        "items": "items",
        "items[]": {name: name for name in ("name", "id", "value", "classes", "autocomplete", "label")},
    },
    "details": {**TEXT, **COMMON, "id": "id", "open": "open", "summaryText": "summary", "summaryHtml": "summary"},
    "error-message": {**TEXT, "id": "id", "classes": "classes"},
    "error-summary": {
        **COMMON,
        "titleText": "title",
        "titleHtml": "title",
        "descriptionText": "description",
        "descriptionHtml": "description",
        "errorList": "errors",
        "errorList[]": {**TEXT, "href": "target", "attributes": "attributes"},
    },
    "fieldset": {
        **COMMON,
        "role": "role",
        "describedBy": "described_by",
        "html": "text",
        "legend.text": "legend",
        "legend.html": "legend",
        "legend.classes": "legend_class",
        "legend.isPageHeading": "page_heading",
    },
    "file-upload": {**QUESTION, **LABEL, "multiple": "multiple"},
    "hint": {**TEXT, "id": "id", "classes": "classes"},
    "input": {
        **QUESTION,
        **LABEL,
        **ATTRIBUTE,
        "type": "type",
        "prefix.text": "prefix",
        "prefix.html": "prefix",
        "suffix.text": "suffix",
        "suffix.html": "suffix",
    },
    "inset-text": {**TEXT, **COMMON, "id": "id"},
    "label": {"text": "label", "html": "label", "classes": "label_class", "isPageHeading": "page_heading", "for": "id"},
    "notification-banner": {
        **COMMON,
        "text": "heading",
        "html": "text",
        "titleText": "title",
        "titleHtml": "title",
        "titleId": "title_id",
        "titleHeadingLevel": "title_heading_level",
        "type": "type",
        "role": "role",
    },
    "pagination": {
        **COMMON,
        "landmarkLabel": "label",
        "items": "items",
        "items[]": {
            "number": "number",
            "href": "href",
            "current": "current",
            "ellipsis": "ellipsis",
            "visuallyHiddenText": "label",
            "attributes": "attributes",
        },
        **{f"{way}.{theirs}": f"{way}.{ours}" for way in ("previous", "next") for theirs, ours in {**LINK, "labelText": "label"}.items()},
    },
    "panel": {**TEXT, **COMMON, "titleText": "title", "titleHtml": "title", "headingLevel": "heading_level"},
    "password-input": {**QUESTION, **LABEL, "autocomplete": "autocomplete"},
    "radios": {**QUESTION, **LEGEND, "idPrefix": "id", "items": "items", "items[]": CHOICE},
    "select": {
        **QUESTION,
        **LABEL,
        "items": "items",
        "items[]": {name: name for name in ("text", "value", "selected", "disabled", "attributes")},
    },
    "service-navigation": {
        **COMMON,
        "navigation": "items",
        "navigation[]": {**LINK, "current": "current", "active": "active"},
        "navigationLabel": "label",
        "navigationId": "navigation_id",
        "menuButtonText": "menu_button_text",
    },
    "skip-link": {**TEXT, **COMMON, "href": "href"},
    "summary-list": {
        **COMMON,
        "card.title.text": "title",
        "card.title.html": "title",
        "card.title.headingLevel": "heading_level",
        "card.classes": "card_class",
        "card.attributes": "card_attributes",
        "card.actions.items": "actions",
        "card.actions.items[]": ACTION,
        "rows": "rows",
        "rows[]": {
            "key.text": "key",
            "key.html": "key",
            "value.text": "value",
            "value.html": "value",
            "classes": "classes",
            "actions.items": "actions",
            "actions.items[]": ACTION,
        },
    },
    "table": {
        **COMMON,
        "caption": "caption",
        "captionClasses": "caption_class",
        "firstCellIsHeader": "first_cell_is_header",
        "head": "head",
        "head[]": CELL,
        "rows": "rows",
        "rows[]": {"": CELL},
    },
    "tag": {**TEXT, **COMMON},
    "task-list": {
        **COMMON,
        "idPrefix": "id_prefix",
        "items": "items",
        "items[]": {
            **HINT,
            "title.text": "title",
            "title.html": "title",
            "title.classes": "title_class",
            "href": "href",
            "classes": "classes",
            "status.text": "status",
            "status.html": "status",
            "status.classes": "status_class",
            "status.tag.text": "tag",
            "status.tag.html": "tag",
            "status.tag.classes": "tag_classes",
        },
    },
    "textarea": {**QUESTION, **LABEL, "rows": "rows", "autocomplete": "attributes.autocomplete", "spellcheck": "attributes.spellcheck"},
    "warning-text": {**TEXT, **COMMON, "iconFallbackText": "spoken"},
}
