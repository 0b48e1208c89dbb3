// Shows a question only while another has an answer that makes it apply: data-show-when="name" data-show-when-values="a|b".
// Hidden questions keep what was written in them and are sent with the form; the server decides what applies.

function currentValues(form, name) {
  return new FormData(form).getAll(name);
}

function apply(group) {
  const form = group.closest('form');
  if (!form) {
    return;
  }
  const wanted = group.dataset.showWhenValues.split('|');
  const broken = group.querySelector('.govuk-error-message') !== null;
  group.hidden = !broken && !currentValues(form, group.dataset.showWhen).some((value) => wanted.includes(value));
}

export function startShowWhen(root) {
  const groups = [...root.querySelectorAll('[data-show-when]')];
  const applyAll = () => groups.forEach(apply);
  if (groups.length > 0) {
    applyAll();
    root.addEventListener('change', applyAll);
    // The browser fills forms again after the page is shown from its history.
    window.addEventListener('pageshow', applyAll);
  }
}
