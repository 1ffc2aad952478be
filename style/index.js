import './attachments.css';
import './base.css';
import './cells.css';
import './markdown.css';
import './profiles.css';
