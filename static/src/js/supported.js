// Runs before anything is drawn, so that parts which only work with scripts never flicker.
document.body.className += ' js-enabled' + ('noModule' in HTMLScriptElement.prototype ? ' govuk-frontend-supported' : '');
