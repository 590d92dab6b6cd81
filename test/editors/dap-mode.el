;; Drives dap-mode over the scenario in the current buffer, and prints what it got as JSON.
(require 'json)
(require 'dap-mode)

(defvar snoop-test-wait 60 "Seconds after which something will not come any more.")
(defvar snoop-test-stops 0 "Stops of the session so far, each with its stack.")

(defun snoop-test-until (what condition)
  (let ((end (+ (float-time) snoop-test-wait)))
    (while (not (funcall condition))
      (when (> (float-time) end) (error "no %s" what))
      (accept-process-output nil 0.05))))

(defun snoop-test-session () (dap--cur-session))

(defun snoop-test-frame ()
  (let ((frame (dap--debug-session-active-frame (snoop-test-session))))
    (list (cons 'name (gethash "name" frame)) (cons 'line (gethash "line" frame)))))

(defun snoop-test-after (action)
  "Where the session stops after ACTION."
  (let ((before snoop-test-stops))
    (funcall action)
    (snoop-test-until "stop" (lambda () (> snoop-test-stops before)))
    (snoop-test-frame)))

(defun snoop-test-ask (command arguments)
  "The body of the answer to a request."
  (let (answer)
    (dap--send-message (dap--make-request command arguments)
                       (lambda (response) (setq answer response))
                       (snoop-test-session))
    (snoop-test-until command (lambda () answer))
    (unless (gethash "success" answer) (error "%s: %s" command (gethash "message" answer)))
    (gethash "body" answer)))

(let ((seen '()) (file buffer-file-name) terminated)
  (condition-case problem
      (progn
        (add-hook 'dap-stack-frame-changed-hook (lambda (_) (setq snoop-test-stops (1+ snoop-test-stops))))
        (add-hook 'dap-terminated-hook (lambda (_) (setq terminated t)))
        (push (cons 'entry
                    (snoop-test-after
                     (lambda ()
                       (dap-debug (list :type "snoopscope" :request "launch" :name "Snoopscope"
                                        :program file :stopOnEntry t)))))
              seen)
        (with-current-buffer (find-file-noselect file)
          (goto-char (point-min))
          (search-forward "wbinvd")
          (dap-breakpoint-add))
        (push (cons 'breakpoint (snoop-test-after (lambda () (dap-continue (snoop-test-session) (dap--debug-session-thread-id (snoop-test-session))))))
              seen)
        (push (cons 'value (gethash "result" (snoop-test-ask "evaluate" (list :expression "[x]" :context "watch")))) seen)
        (push (cons 'next (snoop-test-after (lambda () (dap-next (snoop-test-session))))) seen)
        (push (cons 'back (snoop-test-after (lambda () (snoop-step-back)))) seen)
        (push (cons 'reverse (snoop-test-after (lambda () (snoop-reverse-continue)))) seen)
        (push (cons 'scopes
                    (vconcat (mapcar (lambda (scope) (gethash "name" scope))
                                     (gethash "scopes"
                                              (snoop-test-ask "scopes"
                                                              (list :frameId (gethash "id" (dap--debug-session-active-frame (snoop-test-session)))))))))
              seen)
        (dap-disconnect (snoop-test-session))
        (snoop-test-until "end" (lambda () (or terminated (not (dap--session-running (snoop-test-session))))))
        (push (cons 'ended t) seen))
    (error (push (cons 'problem (error-message-string problem)) seen)))
  (princ (concat "\n" (json-encode seen) "\n"))
  (set-buffer-modified-p nil)
  (kill-emacs 0))
