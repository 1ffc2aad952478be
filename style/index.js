import './base.css';
import './markdown.css';
