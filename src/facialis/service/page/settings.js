// Language and theme: all that the page remembers from one visit to the next.

const KEYS = { language: "facialis.language", theme: "facialis.theme" };

/** Return a remembered setting, or null; also where the browser remembers nothing. */
export function remembered(name) {
  try {
    return localStorage.getItem(KEYS[name]);
  } catch {
    return null;
  }
}

/** Remember a setting, where the browser allows it. */
export function remember(name, value) {
  try {
    localStorage.setItem(KEYS[name], value);
  } catch {
    // private window: forgotten with the page
  }
}

/** Return the language to start with: the remembered one, else the browser's, else English. */
export function firstLanguage(known) {
  const wanted = [remembered("language"), ...(navigator.languages ?? [navigator.language]).map((code) => code.slice(0, 2))];
  return wanted.find((code) => known.includes(code)) ?? "en";
}

/** Whether the page is dark now. */
export function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Put a theme on the page: "light", "dark", or null for the system's. */
export function applyTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}
