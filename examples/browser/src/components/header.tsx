import { useState } from 'preact/hooks';
import logo from '../easel.svg';

const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const stored = 'easel-theme';

export function Header() {
  const [theme, setTheme] = useState<Theme>(() => {
    const known = localStorage.getItem(stored) as Theme | null;
    return known && themes.includes(known) ? known : 'auto';
  });
  document.documentElement.dataset.theme = theme;
  const choose = (next: Theme) => {
    localStorage.setItem(stored, next);
    setTheme(next);
  };
  return (
    <header>
      <a class="logo" href="./">
        <img src={logo} alt="" width="34" height="34" />
        Easel
      </a>
      <fieldset class="themes">
        <legend class="hidden">Colours</legend>
        {themes.map((name) => (
          <label key={name}>
            <input type="radio" name="theme" checked={name === theme} onChange={() => choose(name)} />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
    </header>
  );
}
