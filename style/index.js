import './attachments.css';
import './base.css';
import './markdown.css';
import './profiles.css';
