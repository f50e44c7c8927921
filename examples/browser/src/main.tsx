import '@fontsource-variable/instrument-sans';
import '@fontsource/instrument-serif';
import './styles/page.css';
import './styles/controls.css';
import './styles/figures.css';
import { render } from 'preact';
import { App } from './app.js';
import { Studio } from './studio.js';

const studio = new Studio(new URL('./cifar10', document.baseURI));
render(<App studio={studio} />, document.getElementById('app') as HTMLElement);
studio.start();
