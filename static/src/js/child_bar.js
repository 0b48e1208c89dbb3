// "Hide details" on the child's bar, for a screen that others can see. The choice is kept in a cookie of this visit, so that
// the server draws the next page hidden from the start.

const COOKIE = 'hide_details';

export function startChildBar(bar) {
  const details = bar.querySelector('[data-child-bar-details]');
  const button = bar.querySelector('[data-child-bar-switch]');
  if (!details || !button) {
    return;
  }
  const draw = () => {
    button.textContent = details.hidden ? 'Show details' : 'Hide details';
    button.setAttribute('aria-label', `${button.textContent} about the child`);
    button.setAttribute('aria-expanded', String(!details.hidden));
  };
  button.addEventListener('click', () => {
    details.hidden = !details.hidden;
    const secure = window.location.protocol === 'https:' ? '; Secure' : '';
    document.cookie = `${COOKIE}=${details.hidden ? '1' : ''}; path=/; SameSite=Lax${secure}${details.hidden ? '' : '; max-age=0'}`;
    draw();
  });
  button.hidden = false;
  draw();
}
