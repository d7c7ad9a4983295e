// Sets the chosen theme before the first paint; kept outside the bundle so that it blocks and needs no inline script.
try {
  const theme = localStorage.getItem('aitbc.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's theme is used then.
}
