package server

import (
	"encoding/binary"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/protocol"
	"github.com/mlfleet/mlfleet/inference/repository"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

// maxText bounds the text of POST /predict, in bytes. It comes back in the
// answer.
const maxText = 1 << 20

// postPredict classifies a text with the default model.
func (s *Server) postPredict(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, s.defaultModel(), "", s.predict)
}

// defaultModel is the model of /predict: the one that was named, or the first
// that takes text.
func (s *Server) defaultModel() string {
	if s.opts.DefaultModel != "" {
		return s.opts.DefaultModel
	}
	for v := range s.models.Ready() {
		if v.Text != nil {
			return v.Model
		}
	}
	return ""
}

func (s *Server) predict(w http.ResponseWriter, r *http.Request, v *repository.Version, c *batch.Call, x *scratch, start time.Time) error {
	if v.Text == nil {
		return protocol.Errorf(protocol.NotFound, "model %s: %v", v.Model, errNoText)
	}
	body, reserved, err := s.readBody(w, r, c.Body)
	c.Body = body
	defer s.free(reserved)
	if err != nil {
		return err
	}
	text, err := x.infer.Text(body)
	if err != nil {
		return err
	}
	if len(text) > maxText {
		return protocol.Errorf(protocol.TooLarge, "the text is larger than %d bytes", maxText)
	}
	ids := v.Text.Encoder.Encode(nil, text)
	if len(ids) == 0 {
		return protocol.Errorf(protocol.BadRequest, "the text has no words")
	}
	setIDs(c, v.Text.Input, ids)
	if err := s.run(r, v, c, &x.infer, start); err != nil {
		return err
	}
	label, confidence := best(&c.Outputs[v.Text.Output])
	if math.IsInf(confidence, 0) {
		return protocol.Errorf(protocol.Internal, "model %s, version %s, computed no number for this text", v.Model, v.Name)
	}
	x.out = s.appendPrediction(x.out[:0], v, text, v.Text.Labels[label], math.Round(confidence*1e4)/1e4)
	w.Header().Set("Content-Type", "application/json")
	s.begin(w)
	w.Write(x.out)
	return nil
}

// appendPrediction appends the answer of POST /predict. It is not encoding/json,
// which would make six bytes of each < in the text.
func (s *Server) appendPrediction(dst []byte, v *repository.Version, text, label string, confidence float64) []byte {
	dst = append(dst, `{"text":`...)
	dst = protocol.AppendString(dst, text)
	dst = append(dst, `,"prediction":`...)
	dst = protocol.AppendString(dst, label)
	dst = append(dst, `,"confidence":`...)
	dst = strconv.AppendFloat(dst, confidence, 'f', -1, 64)
	dst = append(dst, `,"tenant":`...)
	dst = protocol.AppendString(dst, s.opts.Tenant)
	dst = append(dst, `,"model":`...)
	dst = protocol.AppendString(dst, v.Model)
	dst = append(dst, `,"version":`...)
	dst = protocol.AppendString(dst, v.Name)
	return append(dst, "}\n"...)
}

func setIDs(c *batch.Call, input int, ids []int64) {
	c.Scratch = c.Scratch[:0]
	for _, id := range ids {
		c.Scratch = binary.LittleEndian.AppendUint64(c.Scratch, uint64(id))
	}
	in := &c.Inputs[input]
	in.Shape = append(in.Shape[:0], 1, int64(len(ids)))
	in.Data = c.Scratch
}

// best is the index of the largest of a row of 32-bit floats, and its value:
// an infinity if no element is a number.
func best(v *tensor.Value) (index int, value float64) {
	value = math.Inf(-1)
	for i := range len(v.Data) / 4 {
		if f := float64(math.Float32frombits(binary.LittleEndian.Uint32(v.Data[4*i:]))); f > value {
			index, value = i, f
		}
	}
	return index, value
}
