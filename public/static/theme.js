// Puts the chosen theme and language on the document before anything is drawn, so that nothing flashes. A classic
// script of its own, because the Content-Security-Policy allows no inline one. settings.ts writes the value.
try {
  const settings = JSON.parse(localStorage.getItem('barewire.settings') ?? '{}');
  if (settings.theme === 'light' || settings.theme === 'dark')
    document.documentElement.dataset.theme = settings.theme;
  if (settings.language === 'zh') document.documentElement.lang = 'zh-CN';
} catch {
  // Without storage the system decides.
}
